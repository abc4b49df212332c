// What may be tried on what was named: engines that are installed and can be shipped, the folder's other weights, remedies of its graph.
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { readUsableCpus } from '@whyslow/measure/machine/index.ts'
import { generatorEngineById, generatorEngines } from '../../engines/index.ts'
import type { GeneratorEngine, Opened } from '../../generator.ts'
import type { Candidate } from '../../prove/candidate.ts'
import { candidatesOf } from '../../prove/candidates/index.ts'
import type { GeneratorSetup } from '../../prove/setup.ts'
import { chosenVariant, generatorFiles } from '../../recognize/folder.ts'
import { remedies } from '../../remedies/index.ts'
import type { RemedyTools } from '../../remedies/kit/remedy.ts'

/** Other weights of so many times the bytes are not tried. */
const MOST_BYTES = 2.2

export function candidatesFor(
  base: GeneratorSetup,
  engines: readonly GeneratorEngine[],
  { evaluate, hasEncoder }: Pick<RemedyTools, 'evaluate'> & { readonly hasEncoder: boolean },
): readonly Candidate[] {
  const tools = { read: (file: string) => readOnnx(file), evaluate }
  const files = generatorFiles(base.source)
  const usableCpus = readUsableCpus()
  if (files === null) return candidatesOf({ engines, dtypes: [], remedies: [], tools, usableCpus })
  const readsOthers = generatorEngineById(base.engine)?.otherWeights !== undefined
  const read = readsOthers ? null : chosenVariant(files, base.options.dtype)
  // Who names weights has chosen among them. Else fewer bytes come first: they promise most. A type of half the bytes may have slower kernels, as
  // float16 has; one of fewer has none so slow.
  const most = read === null ? Number.POSITIVE_INFINITY : MOST_BYTES * read.sizeBytes
  const others = base.options.dtype === null ? [...files.variants] : []
  const dtypes = others
    .sort((a, b) => a.sizeBytes - b.sizeBytes)
    .flatMap(({ dtype, sizeBytes }) => (dtype === read?.dtype || sizeBytes > most ? [] : [dtype]))
  return candidatesOf({ engines, dtypes, remedies, tools, usableCpus, hasEncoder })
}

/** Engines that open the model, are installed and can be put into a folder. */
export async function shippableEngines(
  { source, options }: GeneratorSetup,
  reads?: Opened['reads'],
): Promise<readonly GeneratorEngine[]> {
  const kind = generatorFiles(source)?.kind ?? 'gguf'
  const opened: Opened = reads === undefined ? { kind } : { kind, reads }
  const able = generatorEngines.filter((engine) => engine.ships !== undefined && engine.opens(opened) === true)
  const there = await Promise.all(able.map(async (engine) => (await engine.missing(options, process.cwd())) === null))
  return able.filter((_, at) => there[at])
}
