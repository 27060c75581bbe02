local failed = obj.status.failedRevision
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["modelward.dev/retry"] = failed.revision .. "/" .. (failed.since or "")
return obj
