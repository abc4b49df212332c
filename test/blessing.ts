// Recorded texts and pictures are written again with WHYSLOW_BLESS=1, by a person who looks at the difference. In CI nobody looks: with it set
// no comparison could fail there.

/** Throws in CI. */
export function blesses({ WHYSLOW_BLESS, CI }: NodeJS.ProcessEnv): boolean {
  if (WHYSLOW_BLESS !== undefined && CI !== undefined)
    throw new Error('WHYSLOW_BLESS is set in CI, where no recorded text may be written again: unset it')
  return WHYSLOW_BLESS === '1'
}

export const BLESSES = blesses(process.env)
