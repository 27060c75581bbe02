-- Of an undecided version, or of one that was rolled back.
local meant = obj.status.candidate or obj.status.failedRevision
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modelward.dev/retry"] = meant.revision .. "/" .. (meant.since or "")
return obj
