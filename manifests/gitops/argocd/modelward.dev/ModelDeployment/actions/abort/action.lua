local candidate = obj.status.candidate
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modelward.dev/abort"] = candidate.revision .. "/" .. (candidate.since or "")
return obj
