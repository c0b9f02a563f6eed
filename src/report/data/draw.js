// Draws the charts of a page: each .chart element names a script element with its Vega-Lite specification. Colours and
// fonts are those of the style sheet, so that a chart follows the reader's light or dark theme.
(() => {
  "use strict";
  const charts = [...document.querySelectorAll("[data-chart]")];
  const value = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const config = () => {
    const ink = value("--ink"), faint = value("--faint"), line = value("--line");
    return {
      background: "transparent",
      font: "system-ui, sans-serif",
      view: {stroke: null},
      axis: {labelColor: faint, titleColor: ink, titleFontWeight: 500, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 11, titleFontSize: 12},
      legend: {labelColor: ink, titleColor: ink, titleFontWeight: 500, labelFontSize: 11, titleFontSize: 12, symbolSize: 70, labelLimit: 220},
      header: {labelColor: ink, titleColor: ink, labelFontSize: 12, labelFontWeight: 600},
      title: {color: ink, fontSize: 12, fontWeight: 600, anchor: "start"},
      text: {color: ink, fontSize: 11},
      rule: {color: faint},
      line: {color: faint},
      range: {category: [1, 2, 3, 4, 5, 6].map(i => value("--series-" + i)), ordinal: [1, 2, 3].map(i => value("--step-" + i))},
    };
  };

  const draw = async () => {
    let drawn = 0;
    for (const place of charts) {
      try {
        const spec = JSON.parse(document.getElementById(place.dataset.chart).textContent);
        // ast: expressions are interpreted, for the page allows no code that is made from text.
        await vegaEmbed(place, spec, {actions: false, renderer: "svg", ast: true, config: config()});
        drawn += 1;
      } catch (error) {
        place.textContent = "This chart could not be drawn: " + error.message;
        console.error(error);
      }
    }
    document.body.dataset.drawn = drawn + "/" + charts.length;
  };

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
