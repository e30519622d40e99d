package trust

// Open returns the store in dir; "": EnvDir, else coranto/trust in the user's state directory.
func Open(dir string) (*Store, error) { panic("soon") }

// Digest identifies what is to be trusted: the parts in their order. No parts, or only empty ones, give "".
func Digest(parts ...[]byte) string { panic("soon") }

// Trusted reports whether the site directory was trusted with that digest; nothing to trust ("") is trusted.
func (s *Store) Trusted(site, digest string) (bool, error) { panic("soon") }

// Trust remembers it, in place of an earlier answer for the site.
func (s *Store) Trust(site, digest string) error { panic("soon") }

// Forget takes the answer back.
func (s *Store) Forget(site string) error { panic("soon") }
