package bwstate

import "github.com/bwredis/bwredis/resp"

func pushReportsTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	return resp.AppendError(dst, "ERR not yet")
}

func recountReportsTwin(call func(args ...string) resp.Value, keys, argv []string, dst []byte) []byte {
	return resp.AppendError(dst, "ERR not yet")
}
