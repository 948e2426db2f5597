package main

import "github.com/bwredis/bwredis/resp"

// A buffer is cut into frames as a connection does it, and each is read with the same Reply. The loops are written out one by one: to call what
// differs through a function value would take as long as the decoding. So it is with the floors.

func oursInts(j *job[int64]) pass {
	var s resp.Scanner
	var r resp.Reply
	return func(m int) error {
		pos := 0
		for i := range m {
			n, err := s.Scan(j.buf[pos:])
			if err != nil {
				return err
			}
			r.Reset(j.buf[pos : pos+n : pos+n])
			pos += n
			j.kept[i] = r.Int()
			if err := r.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

func oursTexts(j *job[string]) pass {
	var s resp.Scanner
	var r resp.Reply
	return func(m int) error {
		pos := 0
		for i := range m {
			n, err := s.Scan(j.buf[pos:])
			if err != nil {
				return err
			}
			r.Reset(j.buf[pos : pos+n : pos+n])
			pos += n
			j.kept[i] = r.Text()
			if err := r.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

func oursCopies(j *job[[]byte]) pass {
	var s resp.Scanner
	var r resp.Reply
	return func(m int) error {
		pos := 0
		for i := range m {
			n, err := s.Scan(j.buf[pos:])
			if err != nil {
				return err
			}
			r.Reset(j.buf[pos : pos+n : pos+n])
			pos += n
			j.kept[i] = r.AppendTo(nil)
			if err := r.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

func oursLooks(j *job[int]) pass {
	var s resp.Scanner
	var r resp.Reply
	return func(m int) error {
		pos := 0
		for i := range m {
			n, err := s.Scan(j.buf[pos:])
			if err != nil {
				return err
			}
			r.Reset(j.buf[pos : pos+n : pos+n])
			pos += n
			b := r.Bytes()
			if err := r.Err(); err != nil {
				return err
			}
			j.kept[i] = look(b)
		}
		return nil
	}
}

func oursLists(j *job[[]string]) pass {
	var s resp.Scanner
	var r resp.Reply
	return func(m int) error {
		pos := 0
		for i := range m {
			n, err := s.Scan(j.buf[pos:])
			if err != nil {
				return err
			}
			r.Reset(j.buf[pos : pos+n : pos+n])
			pos += n
			list := make([]string, r.Array())
			for k := range list {
				list[k] = r.Text()
			}
			j.kept[i] = list
			if err := r.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

func oursFlat(j *job[[]byte]) pass {
	var s resp.Scanner
	var r resp.Reply
	return func(m int) error {
		pos := 0
		for i := range m {
			n, err := s.Scan(j.buf[pos:])
			if err != nil {
				return err
			}
			r.Reset(j.buf[pos : pos+n : pos+n])
			pos += n
			flat := j.kept[i][:0]
			for range r.Array() {
				flat = r.AppendTo(flat)
			}
			j.kept[i] = flat
			if err := r.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}

func oursMaps(j *job[map[string]string]) pass {
	var s resp.Scanner
	var r resp.Reply
	return func(m int) error {
		pos := 0
		for i := range m {
			n, err := s.Scan(j.buf[pos:])
			if err != nil {
				return err
			}
			r.Reset(j.buf[pos : pos+n : pos+n])
			pos += n
			count := r.Pairs()
			pairs := make(map[string]string, count)
			for range count {
				key := r.Text()
				pairs[key] = r.Text()
			}
			j.kept[i] = pairs
			if err := r.Err(); err != nil {
				return err
			}
		}
		return nil
	}
}
