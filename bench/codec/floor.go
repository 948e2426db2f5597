package main

import "bytes"

// The floors of decoding trust the bytes: they validate nothing, and know what comes. What they make they keep just as the other contenders do.

// lineEnd returns where the LF of the line at pos is. It and number are small enough for the compiler to put them into the loops.
func lineEnd(buf []byte, pos int) int { return pos + bytes.IndexByte(buf[pos:], '\n') }

func number(digits []byte) (n int) {
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	return n
}

func floorInts(j *job[int64]) pass {
	return func(m int) error {
		pos := 0
		for i := range m {
			end := lineEnd(j.buf, pos)
			j.kept[i] = int64(number(j.buf[pos+1 : end-1]))
			pos = end + 1
		}
		return nil
	}
}

// floorIntsUnscanned looks at every byte once, where the others look for the end of the line first.
func floorIntsUnscanned(j *job[int64]) pass {
	return func(m int) error {
		buf, pos := j.buf, 0
		for i := range m {
			n := int64(0)
			for pos++; buf[pos] != '\r'; pos++ {
				n = n*10 + int64(buf[pos]-'0')
			}
			j.kept[i] = n
			pos += 2
		}
		return nil
	}
}

func floorTexts(j *job[string]) pass {
	return func(m int) error {
		pos := 0
		for i := range m {
			end := lineEnd(j.buf, pos)
			from, n := end+1, number(j.buf[pos+1:end-1])
			j.kept[i] = string(j.buf[from : from+n])
			pos = from + n + 2
		}
		return nil
	}
}

func floorCopies(j *job[[]byte]) pass {
	return func(m int) error {
		pos := 0
		for i := range m {
			end := lineEnd(j.buf, pos)
			from, n := end+1, number(j.buf[pos+1:end-1])
			j.kept[i] = append([]byte(nil), j.buf[from:from+n]...)
			pos = from + n + 2
		}
		return nil
	}
}

func floorLooks(j *job[int]) pass {
	return func(m int) error {
		pos := 0
		for i := range m {
			end := lineEnd(j.buf, pos)
			from, n := end+1, number(j.buf[pos+1:end-1])
			j.kept[i] = look(j.buf[from : from+n])
			pos = from + n + 2
		}
		return nil
	}
}

func floorLists(j *job[[]string]) pass {
	return func(m int) error {
		pos := 0
		for i := range m {
			end := lineEnd(j.buf, pos)
			count := number(j.buf[pos+1 : end-1])
			pos = end + 1
			list := make([]string, count)
			for k := range list {
				end := lineEnd(j.buf, pos)
				from, n := end+1, number(j.buf[pos+1:end-1])
				list[k] = string(j.buf[from : from+n])
				pos = from + n + 2
			}
			j.kept[i] = list
		}
		return nil
	}
}

// floorFlat reuses the memory of what was kept before.
func floorFlat(j *job[[]byte]) pass {
	return func(m int) error {
		pos := 0
		for i := range m {
			end := lineEnd(j.buf, pos)
			count := number(j.buf[pos+1 : end-1])
			pos = end + 1
			flat := j.kept[i][:0]
			for range count {
				end := lineEnd(j.buf, pos)
				from, n := end+1, number(j.buf[pos+1:end-1])
				flat = append(flat, j.buf[from:from+n]...)
				pos = from + n + 2
			}
			j.kept[i] = flat
		}
		return nil
	}
}

func floorMaps(j *job[map[string]string]) pass {
	return func(m int) error {
		pos := 0
		for i := range m {
			end := lineEnd(j.buf, pos)
			count := number(j.buf[pos+1 : end-1])
			pos = end + 1
			pairs := make(map[string]string, count)
			for range count {
				end := lineEnd(j.buf, pos)
				from, n := end+1, number(j.buf[pos+1:end-1])
				key := string(j.buf[from : from+n])
				pos = from + n + 2
				end = lineEnd(j.buf, pos)
				from, n = end+1, number(j.buf[pos+1:end-1])
				pairs[key] = string(j.buf[from : from+n])
				pos = from + n + 2
			}
			j.kept[i] = pairs
		}
		return nil
	}
}
