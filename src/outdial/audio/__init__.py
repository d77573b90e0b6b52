"""Sound as numbers: frames, resampling, WAV files. numpy and soxr only, no I/O but files it is handed."""
