module modelward.dev/cluster/pause

go 1.24
