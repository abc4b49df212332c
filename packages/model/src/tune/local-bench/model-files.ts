// Models of setups in files: each is written once in each format that engines are given it in, however many setups share it.
import path from 'node:path'
import { fileAsGiven, fileForEngine, type Model } from '@whyslow/graph/model.ts'
import type { LocalBenchPlan, ModelFile } from './plan.ts'

const ONNX = 'onnx'

export interface ModelFiles {
  /** As ONNX where no format is named. Rejects with InputError if the model cannot be written in it. */
  fileOf(model: Model, format?: string): Promise<ModelFile>
  /** NaN for a model that was not written so. */
  sizeBytes(model: Model, format?: string): number
}

interface Written {
  readonly file: Promise<ModelFile>
  sizeBytes: number
}

/** `idOf`: a number for each model. The original is read where it lies, as its engine is given it and in its own format. */
export function modelFiles(
  { original, folder, write }: Pick<LocalBenchPlan, 'original' | 'folder' | 'write'>,
  idOf: (model: Model) => number,
): ModelFiles {
  const { format, sizeBytes } = original.source
  const given = (file: string): Written => ({ file: Promise.resolve({ file, sizeBytes }), sizeBytes })
  // Of a signature that a runtime does not run by itself the file is another model.
  const own = new Map([
    ...(original.signature === undefined ? [[format, given(fileAsGiven(original))] as const] : []),
    [ONNX, given(fileForEngine(original))] as const,
  ])
  // By what holds the weights: a model that nobody can come back to is not kept for its number.
  const all = new WeakMap<object, Map<string, Written>>([[original.proto, own]])

  function formsOf({ proto }: Model): Map<string, Written> {
    const known = all.get(proto) ?? new Map<string, Written>()
    all.set(proto, known)
    return known
  }

  function begun(model: Model, format: string): Written {
    const name = `candidate-${idOf(model)}${format === ONNX ? '' : `-${format}`}`
    const file = write(model, path.join(folder, name), format)
    const written: Written = { file, sizeBytes: Number.NaN }
    file.then(
      (done) => {
        written.sizeBytes = done.sizeBytes
      },
      () => {},
    )
    return written
  }

  return {
    fileOf(model, format = ONNX) {
      const forms = formsOf(model)
      const form = forms.get(format) ?? begun(model, format)
      forms.set(format, form)
      return form.file
    },
    sizeBytes: (model, format = ONNX) => formsOf(model).get(format)?.sizeBytes ?? Number.NaN,
  }
}
