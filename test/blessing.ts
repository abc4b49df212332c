// Recorded texts and pictures are written again with WHYSLOW_BLESS=1, by a person who looks at the difference. In CI nobody looks: with it set
// no comparison could fail there.
export const BLESSES = process.env.WHYSLOW_BLESS === '1'

if (process.env.WHYSLOW_BLESS !== undefined && process.env.CI !== undefined)
  throw new Error('WHYSLOW_BLESS is set in CI, where no recorded text may be written again: unset it')
