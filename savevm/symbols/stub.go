package symbols

type typeState struct{}
type Module struct{}
