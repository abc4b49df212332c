// `load` with what it needs of the product that generates text: a tokenizer, for streams whose server does not count their tokens.
import fs from 'node:fs'
import path from 'node:path'
import { openTokenizer } from '@whyslow/generation/tokenize/tokenizer.ts'
import { load as loadCommand } from '@whyslow/serving/commands/load/load.ts'
import type { LoadOptions } from '@whyslow/serving/commands/load/options.ts'

/** Throws as `loadCommand` does. */
export const load = (target: string, options: Partial<LoadOptions>): ReturnType<typeof loadCommand> =>
  loadCommand(target, { openTokenizer: tokenCounter, ...options })

async function tokenCounter(file: string): Promise<(text: string) => number> {
  const beside = path.join(path.dirname(file), 'tokenizer_config.json')
  const { encode } = await openTokenizer({ tokenizer: file, tokenizerConfig: fs.existsSync(beside) ? beside : null })
  return (text) => encode(text).length
}
