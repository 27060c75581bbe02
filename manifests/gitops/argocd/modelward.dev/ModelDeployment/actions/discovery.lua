-- What a person can do to a release now. Each action names the revision and the moment that it is
-- for, so that a second click on the same button asks for nothing new.
local status = obj.status or {}
local ready = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then
    ready = condition
  end
end

local candidate = status.candidate ~= nil
local waits = ready.reason == "Inconclusive" or (ready.reason == "Paused" and not obj.spec.paused)

return {
  promote = {disabled = not (candidate and waits)},
  abort = {disabled = not candidate},
  retry = {disabled = status.failedRevision == nil},
}
