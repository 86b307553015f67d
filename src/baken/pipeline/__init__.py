"""How work is carried out, whatever the work: in threads ahead of need, with memory reused."""
