# The images that compose files (`image:`) and Dockerfiles (`FROM`, `COPY --from`) name, one per line,
# with `${VARIABLE:-default}` and `ARG` defaults filled in; names of build stages are left out.
function filled(s,   name, key, default_value) {
  while (match(s, /\$\{?[A-Za-z_][A-Za-z_0-9]*(:?-[^}]*)?\}?/)) {
    name = substr(s, RSTART, RLENGTH); gsub(/[${}]/, "", name)
    key = name; sub(/:?-.*/, "", key)
    default_value = (name ~ /-/) ? substr(name, index(name, "-") + 1) : ""
    s = substr(s, 1, RSTART - 1) (key in arg ? arg[key] : default_value) substr(s, RSTART + RLENGTH)
  }
  return s
}
function image(name) {
  sub(/@.*/, "", name)
  if (name !~ /:[^\/]*$/) name = name ":latest"
  print name
}
{ sub(/\r$/, "") }
toupper($1) == "ARG" && split($2, pair, "=") > 1 { gsub(/"/, "", pair[2]); arg[pair[1]] = pair[2] }
match($0, /(^|[ {])image:/) && !/^ *#/ {
  name = filled(substr($0, RSTART + RLENGTH))
  sub(/^[ "\047]*/, "", name); sub(/[ ,}"\047#].*/, "", name)
  if (name != "") image(name)
}
toupper($1) == "FROM" {
  i = ($2 ~ /^--/) ? 3 : 2
  name = filled($i)
  if (!(name in stage) && name != "scratch") image(name)
  if (toupper($(i + 1)) == "AS") stage[$(i + 2)]
}
toupper($1) == "COPY" {
  for (i = 2; i < NF; i++) if ($i ~ /^--from=.*[:\/]/) { name = $i; sub(/^--from=/, "", name); image(filled(name)) }
}
