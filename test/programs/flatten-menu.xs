// Turns nested menus into breadcrumbs without recursion
function "flatten-menu" {
  input {
    json menu
  }

  stack {
    var $stack { value = $input.menu|map:{item: $$, path: $$.title} }
    var $paths { value = [] }

    while ($stack) {
      each {
        array.shift $stack as $entry
        array.push $paths { value = $entry.path }
        foreach (($entry.item.children ?? [])|reverse) {
          each as $child {
            array.unshift $stack { value = {item: $child, path: $entry.path ~ " > " ~ $child.title} }
          }
        }
      }
    }
  }

  response = $paths
}
