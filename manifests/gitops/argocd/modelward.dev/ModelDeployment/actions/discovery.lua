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
local undecided = candidate and ready.reason == "Inconclusive"
local at_pause = candidate and ready.reason == "Paused" and not obj.spec.paused
local failed = status.failedRevision ~= nil and not candidate

return {
  promote = {disabled = not (undecided or at_pause)},
  abort = {disabled = not candidate},
  retry = {disabled = not (undecided or failed)},
}
