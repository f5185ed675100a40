// The data of charts. Separate from the code that draws them, because that needs a dependency that
// few people have installed.

/** One bar for each contestant of a row. */
export interface Bars {
  readonly title: string;
  readonly subtitle: string;
  readonly groups: readonly {
    readonly name: string;
    /** The position of a line across the bars. */
    readonly mark?: number;
    readonly bars: readonly {
      readonly name: string;
      readonly value: number;
      readonly label: string;
      readonly isOurs: boolean;
    }[];
  }[];
}

/** Lines over sizes, both axes logarithmic. */
export interface Lines {
  readonly title: string;
  readonly subtitle: string;
  readonly of: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** The exports of charts.ts: pictures as SVG. */
export interface Charts {
  barsSvg(bars: Bars): string;
  linesSvg(lines: Lines): string;
}
