package sentinel

import "net"

// An AddressMap says how to reach what sentinels announce, where that is not as announced: behind NAT, or for containers whose addresses mean nothing outside.
// Its keys are what is announced, host:port or a host alone, without brackets; its values are host:port, or a host, which keeps the port. What it does not
// hold is reached as announced.
type AddressMap map[string]string

// Reach fits [Config.Reach].
func (m AddressMap) Reach(announced string) string {
	if to, ok := m[announced]; ok {
		return to
	}
	host, port, err := net.SplitHostPort(announced)
	if err != nil {
		return announced
	}
	if to, ok := m[host]; ok {
		if _, _, err := net.SplitHostPort(to); err == nil {
			return to
		}
		return net.JoinHostPort(to, port)
	}
	return announced
}
