// What can be drawn. Apart from what draws it, which has a dependency that few have installed.

/** One bar for each contestant of a row. */
export interface Bars {
  readonly title: string;
  readonly subtitle: string;
  readonly groups: readonly {
    readonly name: string;
    /** Where a line goes across the bars. */
    readonly mark?: number;
    readonly bars: readonly {
      readonly name: string;
      readonly value: number;
      readonly label: string;
      readonly isOurs: boolean;
    }[];
  }[];
}

/** Lines over sizes, both on logarithmic axes. */
export interface Lines {
  readonly title: string;
  readonly subtitle: string;
  readonly of: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** What charts.ts exports: pictures as SVG. */
export interface Charts {
  barsSvg(bars: Bars): string;
  linesSvg(lines: Lines): string;
}
