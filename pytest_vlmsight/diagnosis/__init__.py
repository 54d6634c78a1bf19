"""Where the sight of a model is lost: parts, each of which measures one thing and says so."""
