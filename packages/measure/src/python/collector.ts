// Where the collector lies that is run in the user's own interpreter: the folder next to this file, in the sources and in the package alike.
import { fileURLToPath } from 'node:url'

export const COLLECTOR = fileURLToPath(new URL('collector', import.meta.url))

/** The folder that Python finds `sitecustomize` in, when the user's own program is watched. */
export const SITE = fileURLToPath(new URL('collector/watch', import.meta.url))
