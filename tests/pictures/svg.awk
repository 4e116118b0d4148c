# A terminal's screen, as `tmux capture-pane -p -e` prints it, as SVG. Needs gawk and a UTF-8 locale.
#
#   gawk -v columns=80 -f svg.awk screen.txt >screen.svg
#
# Letters are text in the reader's monospaced font, held in their columns; block elements are drawn, so that curves have no
# gaps in any font.
function fresh() {
  bold = dim = reverse = 0
  colour = 7
}

function take_sgr(parameters, list, count, i, p) {
  count = split(parameters, list, ";")
  if (count == 0) fresh()
  for (i = 1; i <= count; i++) {
    p = list[i] + 0
    if (p == 0) fresh()
    else if (p == 1) bold = 1
    else if (p == 2) dim = 1
    else if (p == 22) bold = dim = 0
    else if (p == 7) reverse = 1
    else if (p == 27) reverse = 0
    else if (p >= 30 && p <= 37) colour = p - 30
    else if (p == 39) colour = 7
  }
}

function escape(text) {
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/>/, "\\&gt;", text)
  return text
}

# What has been collected since the run began. Text that is spaces alone is nothing.
function flush(fill) {
  if (run !~ /^ *$/) {
    sub(/ +$/, "", run)
    fill = reverse_then ? background : palette[colour_then]
    texts = texts sprintf("<text x=\"%g\" y=\"%g\" textLength=\"%g\" fill=\"%s\"%s%s>%s</text>\n", left + start * cell,
      y + base, length(run) * cell, fill, bold_then ? " font-weight=\"bold\"" : "", dim_then ? " opacity=\".7\"" : "",
      escape(run))
  }
  if (path != "") texts = texts sprintf("<path fill=\"%s\" d=\"%s\"/>\n", palette[colour_then], path)
  run = path = ""
}

# What is reversed lies below the text.
function lay_ground() {
  if (ground > 0)
    printf "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"%s\"/>\n", left + (x - ground) * cell, y,
      ground * cell, height, palette[colour_then]
  ground = 0
}

BEGIN {
  cell = 8.4
  height = 18
  base = 13.5
  left = 12
  above = 10
  background = "#14171c"
  split("#14171c #f0626c #7ccf7c #e8c468 #6ea8fe #c78ae0 #56c8d8 #d5dae2", palette_from_1, " ")
  for (i = 0; i < 8; i++) palette[i] = palette_from_1[i + 1]
  for (i = 1; i <= 8; i++) eighths[substr("▁▂▃▄▅▆▇█", i, 1)] = i
  fresh()
}

{ lines[NR] = $0 }

END {
  printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" font-size=\"14\" " \
    "font-family=\"ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace\" xml:space=\"preserve\">\n",
    columns * cell + 2 * left, NR * height + 2 * above, columns * cell + 2 * left
  printf "<rect width=\"100%%\" height=\"100%%\" rx=\"6\" fill=\"%s\"/>\n", background
  for (n = 1; n <= NR; n++) {
    y = above + (n - 1) * height
    x = 0
    rest = lines[n]
    while (rest != "") {
      if (match(rest, /^\033\[[0-9;]*m/)) {
        flush()
        lay_ground()
        take_sgr(substr(rest, 3, RLENGTH - 3))
        rest = substr(rest, RLENGTH + 1)
        continue
      }
      c = substr(rest, 1, 1)
      rest = substr(rest, 2)
      if (run == "" && path == "") start = x
      if ((c in eighths) != (path != "") || (c == " " && run ~ /  $/)) {
        flush()
        start = x
      }
      colour_then = colour
      bold_then = bold
      dim_then = dim
      reverse_then = reverse
      if (c in eighths) {
        size = (height - 3) * eighths[c] / 8
        path = path sprintf("M%g %gh%gv-%gh-%gz", left + x * cell, y + height - 1, cell - .6, size, cell - .6)
      } else
        run = run c
      ground += reverse
      x++
    }
    flush()
    lay_ground()
    printf "%s", texts
    texts = ""
  }
  print "</svg>"
}
