-- Health of a ModelDeployment in Argo CD. Healthy: the version in Git serves. Progressing: it is
-- under way. Suspended: it waits for a person. Degraded: it was rolled back, or a person must
-- change something; the message says what.
local health = {
  Healthy = "Healthy",
  Progressing = "Progressing",
  Paused = "Suspended",
  Degraded = "Degraded",
}

local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "Waiting for the operator to see the latest change"}
end
return {status = health[status.phase] or "Unknown", message = status.message}
