// What the user gave with --prompts, as the model reads it: texts, or files of sound.
import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isSound, readWav } from '@whyslow/measure/samples/wav.ts'
import { readPrompts } from './prompts-file.ts'
import type { RecognizedSource } from './recognized.ts'

export interface UsersPrompts {
  readonly prompts: readonly string[] | null
  /** Paths of .wav files. */
  readonly sounds: readonly string[] | null
}

/** An hour of sound at 16,000 samples a second has 115 MB in 16 bits. */
const MOST_BYTES = 200_000_000

/** Throws InputError, one line, if the file is of another kind than what the model reads. */
export function promptsFor({ source, reads }: Pick<RecognizedSource, 'source' | 'reads'>, file: string): UsersPrompts {
  if (reads === 'image')
    throw new InputError(`--prompts ${file}: ${source} reads images, which are made up here; leave --prompts out`)
  if (reads === 'sound') return { prompts: null, sounds: soundsIn(file) }
  if (isSound(file)) throw new InputError(`--prompts ${file}: is sound, and ${source} reads text; give a text file`)
  return { prompts: readPrompts(file), sounds: null }
}

/** One .wav file, all of a folder, or those that a text file lists, one path a line. */
function soundsIn(file: string): readonly string[] {
  const stats = fs.statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) throw new InputError(`--prompts ${file}: no such file`)
  const found = stats.isDirectory()
    ? fs
        .readdirSync(file)
        .filter(isSound)
        .sort()
        .map((name) => path.join(file, name))
    : isSound(file)
      ? [file]
      : readPrompts(file).map((name) => path.resolve(path.dirname(file), name.trim()))
  if (found.length === 0)
    throw new InputError(`--prompts ${file}: holds no .wav file; give one, a folder of some, or a text file that lists some`)
  let bytes = 0
  for (const one of found) {
    const size = fs.statSync(one, { throwIfNoEntry: false })
    if (size === undefined || !isSound(one))
      throw new InputError(`--prompts ${file}: ${one} is not a .wav file; convert it: ffmpeg -i IN -ar 16000 -ac 1 OUT.wav`)
    bytes += size.size
    if (bytes > MOST_BYTES) throw new InputError(`--prompts ${file}: more than ${MOST_BYTES / 1e6} MB of sound; give less`)
    if (readWav(fs.readFileSync(one), one).samples.length === 0)
      throw new InputError(`${one}: there is no sound in it; check the file`)
  }
  return found
}
