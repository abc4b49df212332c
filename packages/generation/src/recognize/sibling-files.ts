// Files next to a model that say how its texts become tokens, when they end and how long they may be.
import fs from 'node:fs'
import path from 'node:path'

const NAMES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'tokenizer.model',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  'config.json',
  'generation_config.json',
  'genai_config.json',
  'preprocessor_config.json',
]

/** Names of those that are in `folder`. */
export const filesBeside = (folder: string): readonly string[] => NAMES.filter((name) => fs.existsSync(path.join(folder, name)))
