/**
 * What Python's environment says to glibc's allocator; settings of the user's own stay. A training step frees and takes
 * the same buffers again and again: by default the pages in between go back to the system and are faulted in again, which
 * costs a few percent of a small step on the CPU. Blocks of more than 32 MiB, and what is free beyond 1 GiB, go back as
 * before. Nothing but glibc reads the variables.
 */
export function allocatorEnvironment(): Record<string, string> {
  const { MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_ } = process.env
  return {
    MALLOC_MMAP_THRESHOLD_: MALLOC_MMAP_THRESHOLD_ ?? String(2 ** 25),
    MALLOC_TRIM_THRESHOLD_: MALLOC_TRIM_THRESHOLD_ ?? String(2 ** 30),
  }
}
