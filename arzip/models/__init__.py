"""The models: what gives p(w_t | w_<t)."""
