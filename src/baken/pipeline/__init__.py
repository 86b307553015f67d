"""How any work is carried out: ahead of need in threads, with memory reused."""
