module github.com/bwredis/bwredis/bench

go 1.25

require github.com/bwredis/bwredis v0.0.0

replace github.com/bwredis/bwredis => ../
