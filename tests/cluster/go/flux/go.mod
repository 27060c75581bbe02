// Flux's own schema of its Kustomizations is in this module; nothing of it is built.
module modelward.dev/cluster/flux

go 1.26

require github.com/fluxcd/kustomize-controller v1.9.5
