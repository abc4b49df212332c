// Why the user's code could not be measured, as a line: what it did, where, and what to do next if that is known.
import type { PassFailure, PassResult } from './driver.ts'
import type { Runtime } from './protocol.ts'

/** What the phases before the first call run, in a file of stages, and in one that gives a model. */
const RUNS: Readonly<Record<string, readonly [string, string]>> = {
  start: ['its process', 'its process'],
  import: ['the file', 'the file'],
  load: ['load()', 'model()'],
  samples: ['samples()', 'example_inputs()'],
}
const HOW: Readonly<Record<Exclude<PassFailure['how'], 'contract'>, string>> = {
  threw: 'threw',
  exited: 'ended its process',
  crashed: 'crashed',
  'timed-out': 'hangs',
  'out-of-memory': 'took too much memory',
  'not-started': 'could not be started',
}

/** A failure as its reader would say it: 'predict of sample 3 threw: …'. */
export function failureSentence({ how, phase, stage, sample, reason, place }: PassFailure, givesModel = false): string {
  const at = place === null ? '' : ` (${place.file}:${place.line})`
  const of = sample === null ? '' : ` on sample ${sample}`
  const where = (stage === null ? RUNS[phase]?.[givesModel ? 1 : 0] : givesModel ? 'the model' : `${stage}()`) ?? 'the code'
  // It says what of the file it is about.
  if (how === 'contract') return reason
  return `${where}${of} ${HOW[how]}: ${reason}${at}`
}

/** The same with what to do next. `from`: how the interpreter was found. */
export function refusal({ failure, messages }: PassResult, from?: string): string {
  const imported = messages.findLast((message) => message.kind === 'imported')
  const hello = messages.find((message) => message.kind === 'hello')
  const told = failureSentence(failure!, imported?.target.givesModel)
  const next = nextOf(failure!, hello?.runtime, from)
  return next === null ? told : `${told}; ${next}`
}

/** Modules whose package has another name. */
const PACKAGES: Readonly<Record<string, string>> = {
  PIL: 'pillow',
  cv2: 'opencv-python',
  sklearn: 'scikit-learn',
  yaml: 'pyyaml',
}
/** Modules that nobody writes themselves. */
const KNOWN =
  /^(torch\w*|numpy|pandas|scipy|tensorflow|keras|onnx\w*|xgboost|lightgbm|catboost|transformers|tokenizers|fastapi|flask|PIL|cv2|sklearn|yaml)$/

function nextOf({ reason, phase, how }: PassFailure, runtime: Runtime | undefined, from: string | undefined): string | null {
  const missing = /^ModuleNotFoundError: No module named '([^'.]+)/.exec(reason)?.[1]
  if (missing !== undefined && runtime !== undefined) {
    const name = PACKAGES[missing] ?? missing
    const install = KNOWN.test(missing) ? `pip install ${name} there` : 'install it there'
    const found = from === undefined ? '' : `, ${from}`
    return `Python ${runtime.version} (${runtime.executable}${found}) has no ${missing}: ${install}, or name an environment that has it with --python`
  }
  if (NO_GPU.test(reason))
    return "PyTorch finds no GPU here: take the CPU, device = 'cuda' if torch.cuda.is_available() else 'cpu', and map_location='cpu' for torch.load"
  if (how === 'timed-out' && (phase === 'import' || phase === 'profiled'))
    return 'a server that runs until it is stopped belongs behind `if __name__ == "__main__":`; its handlers are then measured one by one, and the running server by whyslow load URL'
  return null
}

const NO_GPU =
  /Found no NVIDIA driver|Torch not compiled with CUDA enabled|No CUDA GPUs are available|CUDA driver version is insufficient|torch\.cuda\.is_available\(\) is False/
