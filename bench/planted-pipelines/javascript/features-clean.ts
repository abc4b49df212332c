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
  private readonly out = new Float32Array(300_000)
  constructor(
    private readonly mean: number,
    readonly std: number,
    public kind: Scale = Scale.Standard,
  ) {}
  apply(values: readonly number[]): Float32Array {
    this.out[0] = (values[0]! - this.mean) / this.std
    return this.out
  }
}
