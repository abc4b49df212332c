// `whyslow compare service.py`: the model that takes most of a program's time in models, on several engines, on what the program gives it.
import path from 'node:path'
import type { CompareModelOptions, CompareModels } from '@whyslow/command/compare-port.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import { functionNamed } from '../../function-named.ts'
import type { CapturedModel } from '../../protocol.ts'
import { type CaptureOptions, capture, FIRST_ROUND, noModel } from './capture.ts'
import { FIX_PROGRAM_DEFAULTS } from './options.ts'

/** Options of `compare` go on to it as they are. Throws InputError if the program cannot be used or runs no model that can be written as a file. */
export async function compareProgram(
  given: string,
  options: Partial<CompareModelOptions & Pick<CaptureOptions, 'run'>>,
  { compare }: { readonly compare: CompareModels },
): Promise<ComparisonDocument> {
  const { run = FIX_PROGRAM_DEFAULTS.run, ...rest } = options
  return inTemporaryFolder(async (folder) => {
    const { file: shown, call } = functionNamed(given)
    const program = { given: shown, file: path.resolve(shown), call, name: 'fast', folder, command: 'compare' } as const
    const captured = await capture(program, { ...FIX_PROGRAM_DEFAULTS, ...rest, run }, FIRST_ROUND)
    const [model, ...others] = captured.models
      .filter(({ file }) => file !== undefined)
      .toSorted((a, b) => (b.timeMs ?? 0) - (a.timeMs ?? 0))
    if (model === undefined) throw new InputError(noModel(shown, captured, 'compared'))
    const file = model.program ?? model.file!
    const found = await compare([file], { ...rest, data: model.data ?? null })
    const named = namedBy(shown, file, found)
    const left = others.length === 0 ? [] : [`not compared: ${others.map(placed).join(', ')}`]
    return { ...named, warnings: [`compared is ${placed(model)}`, ...left, ...captured.warnings, ...named.warnings] }
  })
}

/** 'the Net of pytorch that service.py:12 calls'. */
const placed = ({ type, engine, ran }: CapturedModel): string =>
  `the ${type} of ${engine}${ran === null ? '' : ` that ${ran.file}:${ran.line} calls`}`

/** The document with the program in place of the file that was made of its model, which is gone: no command for a model follows from it. */
function namedBy(given: string, file: string, found: ComparisonDocument): ComparisonDocument {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1)
  const named = JSON.parse(JSON.stringify(found).replaceAll(inJson(file), () => inJson(given))) as ComparisonDocument
  const reports = named.reports.map((report) => ({ ...report, findings: report.findings.map((one) => ({ ...one, next: null })) }))
  return { ...named, reports }
}
