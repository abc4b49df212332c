// `whyslow lint X`: a quantized model of one prediction, or the files of a generator of text.
import { stateOf } from '@whyslow/command/terminal/path-state.ts'
import { openedAs } from './improve.ts'
import type { FlagsOf } from './options/flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws as the product's command does. A single ONNX decoder is linted like any other model: its quantization is measured. */
export async function runLint(named: string, flags: FlagsOf<'lint'>, around: Surroundings): Promise<void> {
  const isLone = stateOf(named)?.isDirectory() !== true && !/\.gguf$/i.test(named)
  const { file, isGenerator } = isLone ? { file: named, isGenerator: false } : await openedAs(named, around)
  if (isGenerator) return (await import('@whyslow/generation/command/lint.ts')).runLintGenerator(file, flags, around)
  return (await import('@whyslow/model/command/lint.ts')).runLint(file, flags, around)
}
