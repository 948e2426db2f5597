package bwstate

import "context"

// Plain forgets where settings are from, so that those of different sources can be compared.
func Plain(s Settings) Settings {
	s.made = nil
	return s
}

// OpenStopping is Open with settings that have sentinels. Close calls stopped when the watch has ended, before it goes on.
func OpenStopping(ctx context.Context, settings Settings, stopped func()) (*State, error) {
	secure, err := settings.tlsSources()
	if err != nil {
		return nil, err
	}
	b, err := connect(settings, secure)
	if err != nil {
		return nil, err
	}
	s := &State{rt: b.pool, close: b.close}
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	b.watch()
	stop := b.stop
	b.stop = func() {
		stop()
		<-b.stopped
		stopped()
	}
	return s, nil
}
