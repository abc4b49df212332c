/** What was thrown, or what others wrote, as one line that cannot steer a terminal. */
export const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').slice(0, 500)
