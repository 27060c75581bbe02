local candidate = obj.status.candidate
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modelward.dev/promote"] = candidate.revision .. "/" .. (candidate.since or "")
return obj
