/**
 * Returns environment variables for glibc's allocator in Python; the user's own settings take precedence. A training step frees and
 * reallocates the same buffers repeatedly. By default, pages in between return to the system and are faulted in again, which costs a few
 * percent of a small step on the CPU. Blocks above 32 MiB, and free memory beyond 1 GiB, are returned as before. Only glibc reads the
 * variables.
 */
export function allocatorEnvironment(): Record<string, string> {
  const { MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_ } = process.env
  return {
    MALLOC_MMAP_THRESHOLD_: MALLOC_MMAP_THRESHOLD_ ?? String(2 ** 25),
    MALLOC_TRIM_THRESHOLD_: MALLOC_TRIM_THRESHOLD_ ?? String(2 ** 30),
  }
}
