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

/** Ratios as a table of bars: a row for each comparison, a column for each run. */
export interface Ratios {
  readonly title: string;
  readonly subtitle: string;
  readonly rows: readonly string[];
  readonly columns: readonly {
    readonly name: string;
    /** In the order of the rows. Undefined where the run doesn't have the row. */
    readonly cells: readonly (Ratio | undefined)[];
  }[];
}

/** How many times as fast. Each bar starts at 1, on a logarithmic scale. */
export interface Ratio {
  readonly ratio: number;
  readonly label: string;
  /** The ratio that is marked beside the bar, because no other can be higher. */
  readonly limit: number | undefined;
}

/** The exports of charts.ts: pictures as SVG. */
export interface Charts {
  barsSvg(bars: Bars): string;
  linesSvg(lines: Lines): string;
  ratiosSvg(ratios: Ratios): string;
}
