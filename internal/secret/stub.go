package secret

func (s *Store) Set(name, value string) error   { panic("soon") }
func (s *Store) Get(name string) (Value, error) { panic("soon") }
func (s *Store) List() ([]string, error)        { panic("soon") }
func (s *Store) Remove(name string) error       { panic("soon") }
