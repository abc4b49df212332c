export enum Scale {
  None,
  Standard = 'standard',
  Log = 'log',
}
export enum Size {
  Small = 10,
  Large = Small * 5,
}

export class Normalizer {
  constructor(
    private readonly mean: number,
    readonly std: number,
    public kind: Scale = Scale.Standard,
  ) {}

  apply(values: readonly number[]): number[] {
    const out: number[] = []
    for (let i = 0; i < values.length; i++) {
      // here
      out[i] = (values[i]! - this.mean) / this.std
    }
    return out
  }
}
