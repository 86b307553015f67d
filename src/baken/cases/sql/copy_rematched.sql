COPY rematched FROM STDIN (FORMAT csv)
