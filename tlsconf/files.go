package tlsconf

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxFile bounds each file, in bytes. A bundle of every public authority has about 250 KiB.
const maxFile = 1 << 20

const certificateBlock = "CERTIFICATE"

// readCertificates returns every certificate of a PEM file, at least one. Unlike AppendCertsFromPEM it does
// not step over one it cannot read.
func readCertificates(field, file string) ([]*x509.Certificate, error) {
	data, err := readFile(field, file)
	if err != nil {
		return nil, err
	}
	certs, err := parseCertificates(data)
	if err != nil {
		return nil, &Error{Field: field, File: file, Err: err}
	}
	return certs, nil
}

func parseCertificates(data []byte) (certs []*x509.Certificate, err error) {
	var others []string
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificateBlock {
			others = append(others, block.Type)
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d in it cannot be read: %w", len(certs)+1, err)
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, errors.New("no PEM certificate in it" + foundInstead(data, others))
	}
	return certs, nil
}

// readKey returns the private key of a PEM file. No error of a parser is passed on, lest it quote the key.
func readKey(file string) (crypto.Signer, error) {
	data, err := readFile(fieldKey, file)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(data)
	if err != nil {
		return nil, &Error{Field: fieldKey, File: file, Err: err}
	}
	return key, nil
}

func parseKey(data []byte) (crypto.Signer, error) {
	var others []string
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			others = append(others, block.Type) // EC PARAMETERS often come first, the certificate sometimes
			continue
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, errors.New("the private key in it is encrypted; it must be readable without a passphrase")
		}
		if key := keyFromDER(block.Bytes); key != nil {
			return key, nil
		}
		return nil, errors.New("the private key in it cannot be read or is of a kind that is not supported")
	}
	return nil, errors.New("no PEM private key in it" + foundInstead(nil, others))
}

func keyFromDER(der []byte) crypto.Signer {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		signer, _ := key.(crypto.Signer)
		return signer
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key
	}
	return nil
}

// readPair reads a client certificate and its key, and says which of the two files is to blame.
func readPair(certFile, keyFile string) (*tls.Certificate, []*x509.Certificate, error) {
	certs, certErr := readCertificates(fieldCert, certFile)
	key, keyErr := readKey(keyFile)
	if err := errors.Join(certErr, keyErr); err != nil {
		return nil, nil, err
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(certs[0].PublicKey) {
		return nil, nil, &Error{
			Field: fieldKey, File: keyFile,
			Err: fmt.Errorf("the key does not match the first certificate in %q", certFile),
		}
	}
	pair := &tls.Certificate{PrivateKey: key, Leaf: certs[0]}
	for _, cert := range certs {
		pair.Certificate = append(pair.Certificate, cert.Raw)
	}
	return pair, certs, nil
}

// foundInstead says what a file holds that is not what was looked for: the usual mistake is the wrong file.
func foundInstead(data []byte, types []string) string {
	if len(types) > 0 {
		return ", only " + strings.Join(types[:min(len(types), 3)], ", ")
	}
	if _, err := x509.ParseCertificates(data); err == nil && len(data) > 0 {
		return "; it is in DER form and must be converted to PEM"
	}
	return ""
}

func readFile(field, file string) ([]byte, error) {
	data, err := readBounded(file)
	if err == nil {
		return data, nil
	}
	return nil, &Error{Field: field, File: file, Err: fmt.Errorf("cannot be read: %w", withoutPath(err))}
}

// readBounded does not trust the size the file system reports: what is named may be a pipe.
func readBounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	return data, err
}
