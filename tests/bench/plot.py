"""plot - the figures of one bench as a picture: a bar for each contender, a mark at its bound."""
from xml.sax.saxutils import escape

WIDTH, LEFT, ROW, TOP = 720, 150, 34, 56
COLOURS = {"farmmake": "#2a6f97", "ideal": "#9aa5b1", "handout": "#9aa5b1"}
OTHER = "#c97b4a"


def text(x, y, words, anchor="start", size=13):
    return '<text x="%.1f" y="%.1f" font-size="%d" text-anchor="%s">%s</text>' % (
        x, y, size, anchor, escape(words))


def row(y, name, figures, scale):
    end = LEFT + figures["wall_s"] * scale
    mark = LEFT + figures["bound_s"] * scale
    label = "%.2f s, %.2f x its bound" % (figures["wall_s"], figures["ratio"])
    inside = end > WIDTH - 190
    return [
        text(LEFT - 8, y + 15, name, "end"),
        '<rect x="%d" y="%.1f" width="%.1f" height="20" fill="%s"/>' % (
            LEFT, y, end - LEFT, COLOURS.get(name, OTHER)),
        '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="black" stroke-width="2"/>' % (
            mark, y - 3, mark, y + 23),
        '<g fill="%s">%s</g>' % ("white" if inside else "black", text(
            end + (-6 if inside else 6), y + 15, label, "end" if inside else "start", 12)),
    ]


def svg(document):
    contenders = document["contenders"]
    height = TOP + ROW * len(contenders) + 12
    scale = (WIDTH - LEFT - 20) / max(f["wall_s"] for f in contenders.values())
    title = "%s, %d files, boards %s, links %s" % (
        document["workload"], document["files"], document["boards"], document["rate"])
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
        'font-family="sans-serif">' % (WIDTH, height),
        '<rect width="100%" height="100%" fill="white"/>',
        text(12, 22, title, size=15),
        text(12, 40, "wall time; the black mark is what the farm and the client's cores allow",
             size=12),
    ]
    for i, (name, figures) in enumerate(contenders.items()):
        parts += row(TOP + ROW * i, name, figures, scale)
    return "\n".join(parts + ["</svg>", ""])
