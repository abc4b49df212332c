// Modules of a PyTorch model, those of the same place in repeated layers as one: 'encoder.layers.*.attn'.
import type { TorchFacts, TorchModule } from '../../documents/report-torch.ts'

export interface ModuleGroup {
  readonly name: string
  readonly type: string
  /** Modules in it. */
  readonly count: number
  readonly calls: number
  readonly selfMs: number
  /** Share of the model's time. */
  readonly share: number
  readonly operators: number
  readonly place: TorchModule['place']
}

/** Modules by own time, the longest first. */
export function moduleGroups({ modules, root, p50Ms }: Pick<TorchFacts, 'modules' | 'root' | 'p50Ms'>): readonly ModuleGroup[] {
  const groups = new Map<string, TorchModule[]>()
  for (const one of modules) {
    const key = `${pattern(one.name)} ${one.type}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const sum = (those: readonly TorchModule[], of: (one: TorchModule) => number) => those.reduce((all, one) => all + of(one), 0)
  return [...groups.values()]
    .map((those) => {
      const [first] = those
      const selfMs = sum(those, (one) => one.selfMs)
      return {
        name: (those.length === 1 ? first!.name : pattern(first!.name)) || root,
        type: first!.type,
        count: those.length,
        calls: sum(those, ({ calls }) => calls),
        selfMs,
        share: p50Ms > 0 ? selfMs / p50Ms : 0,
        operators: sum(those, ({ operators }) => operators),
        place: first!.place,
      }
    })
    .sort((a, b) => b.selfMs - a.selfMs)
}

/** Numbers of layers as '*'. */
const pattern = (name: string): string =>
  name
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? '*' : part))
    .join('.')
