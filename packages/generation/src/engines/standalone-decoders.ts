// Engines that whyslow hands texts for a decoder that stands alone.
import type { Opened } from '../generator.ts'

/** Why such an engine does not open what has an encoder; null: it has none. */
export const hasEncoder = ({ reads }: Opened): string | null =>
  reads === undefined ? null : `an encoder reads the ${reads} first, which is measured with ort-cpu alone`
