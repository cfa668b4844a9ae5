import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { decimal } from "../format";
import { colours } from "../theme";

export interface Line {
  name: string;
  /** A custom property of the style sheet. */
  colour: string;
  values: (number | null)[];
}

interface PlotProps {
  title: string;
  unit: string;
  /** Seconds since 1970. */
  times: number[];
  lines: Line[];
}

const HEIGHT = 180;

/** A plot over time. Its latest values are written beside its title, which screen readers read. */
export function Plot({ title, unit, times, lines }: PlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const colour = colours.value;
  const names = lines.map((line) => line.name).join();
  const data: uPlot.AlignedData = [times, ...lines.map((line) => line.values)];

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const made = new uPlot(options(element, lines), data, element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => (resized.disconnect(), made.destroy(), (plot.current = null));
  }, [colour, names]);
  useEffect(() => plot.current?.setData(data));

  return (
    <figure class="plot">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {lines.map((line) => (
            <li key={line.name}>
              <i class={`swatch ${line.colour}`} />
              {line.name} <b>{latest(line.values)}</b> {unit}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={frame} aria-hidden="true" />
    </figure>
  );
}

function latest(values: (number | null)[]): string {
  const value = values.findLast((known) => known !== null);
  return typeof value === "number" ? decimal(value) : "–";
}

/** A canvas knows neither properties nor light-dark(): the style sheet's colour as it is now. */
function resolved(element: HTMLElement, property: string): string {
  element.style.color = `var(--${property})`;
  const colour = getComputedStyle(element).color;
  element.style.color = "";
  return colour;
}

function options(element: HTMLElement, lines: Line[]): uPlot.Options {
  const colour = (name: string): string => resolved(element, name);
  const axis = {
    stroke: colour("plot-text"),
    grid: { stroke: colour("plot-grid"), width: 1 },
    ticks: { show: false },
    font: `12px ${getComputedStyle(element).fontFamily}`,
  };
  return {
    width: Math.max(100, element.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 0.001)] } },
    axes: [
      { ...axis, values: "{HH}:{mm}:{ss}", space: 90, size: 28 },
      { ...axis, size: 44 },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.name,
        stroke: colour(line.colour),
        fill: colour(`${line.colour}-area`),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
