package bucket

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	timeForm  = "20060102T150405Z"
)

// sign adds the Authorization of AWS Signature Version 4 to a request whose
// URL's path is escaped as encodePath does. sum is the SHA-256 of its body, in hex.
func sign(r *http.Request, k Key, region, sum string, now time.Time) {
	now = now.UTC()
	r.Header.Set("X-Amz-Date", now.Format(timeForm))
	r.Header.Set("X-Amz-Content-Sha256", sum)
	names := []string{"host"}
	for n := range r.Header {
		if l := strings.ToLower(n); l == "range" || l == "content-type" || l == "if-match" || l == "if-none-match" || strings.HasPrefix(l, "x-amz-") {
			names = append(names, l)
		}
	}
	slices.Sort(names)
	var head strings.Builder
	for _, n := range names {
		v := r.URL.Host
		if n != "host" {
			v = strings.TrimSpace(r.Header.Get(n))
		}
		head.WriteString(n + ":" + v + "\n")
	}
	signed := strings.Join(names, ";")
	canonical := strings.Join([]string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, head.String(), signed, sum}, "\n")
	day := now.Format("20060102")
	scope := day + "/" + region + "/s3/aws4_request"
	hash := sha256.Sum256([]byte(canonical))
	text := strings.Join([]string{algorithm, now.Format(timeForm), scope, hex.EncodeToString(hash[:])}, "\n")
	key := mac(mac(mac(mac([]byte("AWS4"+k.Secret), day), region), "s3"), "aws4_request")
	r.Header.Set("Authorization", algorithm+" Credential="+k.ID+"/"+scope+",SignedHeaders="+signed+",Signature="+hex.EncodeToString(mac(key, text)))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// encodePath escapes all but unreserved characters and slashes, as the
// signature wants it.
func encodePath(p string) string {
	const hexes = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(p) {
		c := p[i]
		if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-._~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hexes[c>>4]) + string(hexes[c&15]))
		}
	}
	return b.String()
}
