"""Studies: experiments that answer a question of practice instead of checking one bound."""
